import { type Command, Option } from 'commander';
import { SPEC_FILE, type Tools, common, repeated } from './tools.js';

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

  asks(place(dns.command('serve')))
    .summary('serve the records')
    .description(
      'An authoritative DNS server for the domain, over UDP and TCP, in the foreground until Ctrl-C. It follows the spec and the member list: a newcomer is served after it was added, and one that leaves is taken out before it is removed.',
    )
    .addOption(
      new Option('--listen <address>', 'ADDRESS or ADDRESS:PORT; may be repeated')
        .default([], '127.0.0.53:53')
        .argParser(repeated),
    )
    .action(
      act(async (args) => {
        const { dnsServe } = await import('../commands/dns-serve.js');
        return (context) => dnsServe(context, args.options());
      }),
    );

  asks(place(dns.command('publish')))
    .summary('bring a DNS server in step')
    .description(
      'One signed update (RFC 2136, TSIG) of the records that differ, which happens as a whole or not at all, and only while nobody else changes them. After `member add`, before `member remove`. With --as it prints a file for others instead.',
    )
    .option('--server <address>', "the zone's primary, HOST or HOST:PORT; else that of the spec")
    .option('--zone <zone>', 'the zone to change; else the server is asked')
    .option('--key-file <file>', 'the TSIG key, readable by its owner only; else that of the spec')
    .option('--as <form>', 'zone or hosts: print that, and change nothing')
    .option('--dry-run', 'say what would change')
    .action(
      act(async (args) => {
        const { dnsPublish } = await import('../commands/dns-publish.js');
        return (context) => dnsPublish(context, args.options());
      }),
    );

  place(dns.command('check'))
    .summary('would members that start now find each other?')
    .description(
      'Asks for every record over UDP and TCP, resolves every target, looks for each member among them, for records of the other scheme, and at the names in certificates. Exit code 1 when something is wrong.',
    )
    .option('--server <address>', 'ask this server; else those of this machine')
    .action(
      act(async (args) => {
        const { dnsCheck } = await import('../commands/dns-check.js');
        return (context) => dnsCheck(context, args.options());
      }),
    );
}

/** Options of commands that read the member list. */
const asks = (command: Command): Command =>
  command
    .option('--endpoints <urls>', "members' client URLs, when they are not those of the spec")
    .option('--cacert <file>', 'the authority of the members, for reading their list')
    .option('--cert <file>', 'a client certificate, for reading their list')
    .option('--key <file>', 'its key');
