import { ProtocolFault } from './protocol-fault.js';
import {
  errorCodes,
  FRAME_BYTES_MAX,
  FRAME_BYTES_MAX_MAX,
  INITIAL_WINDOW_BYTES,
  SETTING_BYTES,
  settingIDs,
  WINDOW_BYTES_MAX,
} from './rfc9113.js';

/** What the server has told us of itself. We send frames of the size that every server takes, whatever it allows. */
export interface ServerSettings {
  readonly streamsMax: number;
  readonly initialWindowBytes: number;
}

export const INITIAL_SETTINGS: ServerSettings = {
  streamsMax: Number.POSITIVE_INFINITY,
  initialWindowBytes: INITIAL_WINDOW_BYTES,
};

export interface SettingsChange {
  readonly settings: ServerSettings;
  /** It said how large our table of header fields may be. */
  readonly setsHeaderTable: boolean;
}

/** The settings after the SETTINGS frame in `bytes[start, end)`. Throws `ProtocolFault` on what RFC 9113 §6.5 forbids. */
export function withSettings(
  before: ServerSettings,
  bytes: Buffer,
  start: number,
  end: number,
): SettingsChange {
  let { streamsMax, initialWindowBytes } = before;
  let setsHeaderTable = false;
  if ((end - start) % SETTING_BYTES !== 0) {
    throw new ProtocolFault(errorCodes.frameSizeError, 'a SETTINGS frame ends inside a setting');
  }
  for (let at = start; at < end; at += SETTING_BYTES) {
    const value = bytes.readUInt32BE(at + 2);
    switch (bytes.readUInt16BE(at)) {
      case settingIDs.headerTableSize:
        setsHeaderTable = true;
        break;
      case settingIDs.enablePush:
        if (value !== 0) {
          throw new ProtocolFault(errorCodes.protocolError, 'a server cannot allow us to push');
        }
        break;
      case settingIDs.maxConcurrentStreams:
        streamsMax = value;
        break;
      case settingIDs.initialWindowSize:
        if (value > WINDOW_BYTES_MAX) {
          throw new ProtocolFault(errorCodes.flowControlError, `a window of ${value} bytes`);
        }
        initialWindowBytes = value;
        break;
      case settingIDs.maxFrameSize:
        if (value < FRAME_BYTES_MAX || value > FRAME_BYTES_MAX_MAX) {
          throw new ProtocolFault(errorCodes.protocolError, `frames of ${value} bytes`);
        }
        break;
      default:
        // A list limit is advice, and what is not known is passed over.
        break;
    }
  }
  return { settings: { streamsMax, initialWindowBytes }, setsHeaderTable };
}
