import type { Command } from 'commander';
import { SPEC_FILE, type Tools, common } from './tools.js';

/** Birth by DNS SRV: records made, served, published and checked. */
export function addDNSCommands(program: Command, { act }: Tools): void {
  const dns = program
    .command('dns')
    .summary('the records by which members find each other')
    .description('Makes, serves, publishes and checks the SRV and address records of a cluster.');
  const place = (command: Command): Command =>
    common(command)
      .option(SPEC_FILE, 'the spec file; without one, a cluster of this machine')
      .option('--domain <domain>', 'the domain of the records; else that of spec.bootstrap.dns')
      .option('--service-name <name>', "as etcd's --discovery-srv-name");

  place(dns.command('records'))
    .summary('print the records')
    .description(
      'Prints the SRV and address records of the cluster, as a part of a zone file, as dig prints them, or as a hosts file. -o json also names the flags that make etcd look for them.',
    )
    .option('--as <form>', 'zone, dig or hosts', 'zone')
    .action(
      act(async (args) => {
        const { dnsRecords } = await import('../commands/dns-records.js');
        return (context) => dnsRecords(context, args.options());
      }),
    );
}
