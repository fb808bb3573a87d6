import { readFileSync } from 'node:fs'
import { openRegistry, sync } from '@gatehouse/contracts'
import { loadSmallNetwork } from '@gatehouse/contracts/testing'

/* One machine of the sync test: `sync FROM TO`, or `admit DIRECTORY`, with the public key and the time in a file. */
const [task, keysFile, from, to] = process.argv.slice(2)
const { publicKey, now } = JSON.parse(readFileSync(keysFile, 'utf8')) as { publicKey: string; now: string }
if (task === 'sync') console.log((await sync(from, to)).entries)
else {
  const registry = await openRegistry({
    directory: from,
    trustedKeys: [{ publicKey, owner: 'ada', roles: ['promote'] }],
    clock: { now: () => BigInt(now) },
  })
  console.log((await registry.admit('order-book@paper', 'paper', loadSmallNetwork)).admission.artifactDigest)
}
