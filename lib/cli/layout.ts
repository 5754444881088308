// The layout of a journal in the words of the command line: what inspect prints and draws.

import type { FrameLayout, SegmentLayout, VerifyReport } from '../recovery/index';

export type FrameType = 'commit' | 'mark' | 'seal' | 'gap' | 'unknown';

export interface FramePicture extends Omit<FrameLayout, 'type'> {
  readonly type: FrameType;
}

export interface SegmentPicture extends Omit<SegmentLayout, 'frames'> {
  readonly commits: number;
  readonly frames: readonly FramePicture[];
}

export interface Layout extends Omit<VerifyReport, 'segments'> {
  readonly segments: readonly SegmentPicture[];
}

const frameTypes: readonly FrameType[] = ['unknown', 'commit', 'mark', 'seal', 'gap'];
/** Set in the type of a frame that a reader may skip when it does not know it. */
const skippable = 0x80;

function frameType(type: number): FrameType {
  return frameTypes[type & ~skippable] ?? 'unknown';
}

/** Of a report with frames. */
export function layoutOf(report: VerifyReport): Layout {
  const segments = report.segments.map((segment) => {
    const frames = (segment.frames ?? []).map((frame) => ({
      ...frame,
      type: frameType(frame.type),
    }));
    const commits = frames.filter(({ type }) => type === 'commit').length;
    return { ...segment, commits, frames };
  });
  return { ...report, segments };
}
