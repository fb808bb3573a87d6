export { joinDatasets, pinName, snapshotDataset, snapshotFeed, type SnapshotOptions } from './snapshot-feed.js'
