export { pinName, snapshotDataset, snapshotFeed, type SnapshotOptions } from './snapshot-feed.js'
