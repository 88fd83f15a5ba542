import { type Context, fail } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { MemberListReport } from '../reports/member-list.js';
import { memberListOf, seatOf } from '../seat.js';
import {
  type MemberListFormat,
  etcdctlJson,
  fieldsList,
  memberListView,
  simpleList,
  tableList,
} from '../views/member-list.js';
import { render } from '../views/view.js';
import { type MemberOptions, atEndpoints, keptCluster } from './member-common.js';
import { failStop } from '../stop.js';

/** The membership as the cluster tells it, in our formats or etcdctl's. */
export async function memberList(context: Context, options: MemberOptions): Promise<ExitCode> {
  if (options.endpoints !== undefined) {
    return atEndpoints(context, options.endpoints, (_admin, seat) =>
      write(context, memberListOf(seat)),
    );
  }
  const kept = await keptCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const seat = seatOf(kept.value.look);
  return seat.ok ? write(context, memberListOf(seat.value)) : fail(context, seat.error);
}

async function write(context: Context, report: MemberListReport): Promise<ExitCode> {
  context.io.out(await listText(context, report, context.output as MemberListFormat));
  return EXIT.done;
}

async function listText(
  { outStyle }: Context,
  report: MemberListReport,
  format: MemberListFormat,
): Promise<string> {
  switch (format) {
    case 'simple':
      return simpleList(report);
    case 'table':
      return tableList(report);
    case 'fields':
      return fieldsList(report);
    case 'etcdctl-json':
      return etcdctlJson(report);
    case 'text':
    case 'json':
    case 'yaml':
      return render(memberListView, report, format, outStyle);
  }
}
