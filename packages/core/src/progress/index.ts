export { progressLine, type ProgressLine, type ProgressLineOptions } from './progress-line.js'
