// Imports every published entry point: none may print, open a handle or keep the process alive.
for (const entry of process.argv.slice(2)) await import(entry)
