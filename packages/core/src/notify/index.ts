export { consoleNotifier, noticeLine, type ConsoleNotifierOptions } from './console-notifier.js'
export { spooledNotifier, type Delivery, type SpooledNotifierOptions } from './spooled-notifier.js'
