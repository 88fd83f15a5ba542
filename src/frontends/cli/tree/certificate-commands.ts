import type { Command } from 'commander';
import { type Tools, common, ofCluster, waits } from './tools.js';

/** Certificates that Quorate makes (spec.tls.auto). */
export function addCertificateCommands(program: Command, { act }: Tools): void {
  const certificates = common(program.command('certificates'))
    .summary('list, renew, rotate-ca; issue one for a client')
    .description('The certificates of a cluster whose spec leaves them to Quorate (spec.tls.auto).')
    .enablePositionalOptions();

  ofCluster(certificates.command('list'))
    .summary('who issues, what each host holds and until when, clients')
    .action(
      act(async () => {
        const { certificatesList } = await import('../commands/certificates.js');
        return (context) => certificatesList(context);
      }),
    );

  waits(ofCluster(certificates.command('renew')))
    .summary('every certificate of the members anew, without a restart')
    .description(
      'They are renewed by themselves when two thirds of their life are over; this does it now.',
    )
    .action(
      act(async (args) => {
        const { certificatesRenew } = await import('../commands/certificates.js');
        return (context) => certificatesRenew(context, args.options());
      }),
    );

  waits(ofCluster(certificates.command('rotate-ca')), '15m')
    .summary('new authorities follow the old ones, in three phases')
    .description(
      'First everybody trusts both, then everybody shows a certificate of the new authority, then the old one is forgotten. Members are restarted one at a time, twice. While a client that was issued one may use a certificate of the old authority, the second phase waits until you say that it is ready; for consumers of the spec each phase waits until they are seen to be.',
    )
    .option('--finish', 'clients have their new certificates in place, or may be shut out')
    .action(
      act(async (args) => {
        const { certificatesRotate } = await import('../commands/certificates.js');
        return (context) => certificatesRotate(context, args.options());
      }),
    );

  const issue = common(certificates.command('issue'))
    .summary('a certificate for a client')
    .enablePositionalOptions();
  ofCluster(issue.command('client <name>'))
    .summary('for a person or a program; its key is not kept here')
    .description(
      "Writes NAME.crt, NAME.key and ca.crt. With etcd's authentication on, NAME is the user that it is.",
    )
    .option('--to <directory>', 'where the files go', '.')
    .option('--validity <duration>', 'how long it is valid', '365d')
    .option('--replace', 'replace files that are there')
    .action(
      act(async (args) => {
        const { certificatesIssue } = await import('../commands/certificates.js');
        return (context) => certificatesIssue(context, args.text(0), args.options());
      }),
    );
}
