/** What this front-end has done, as Prometheus reads it. */
export class Counts {
  tokens = 0;
  registrations = 0;
  /** Polls that were answered with a registration. */
  events = 0;
  readonly #refusals = new Map<string, number>();

  refused(code: string): void {
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
  }

  text(polls: number): string {
    const refusals = [...this.#refusals].map(
      ([code, count]) => `quorate_discovery_refusals_total{code="${code}"} ${count}\n`,
    );
    return [
      `# TYPE quorate_discovery_polls gauge\nquorate_discovery_polls ${polls}\n`,
      `# TYPE quorate_discovery_tokens_total counter\nquorate_discovery_tokens_total ${this.tokens}\n`,
      `# TYPE quorate_discovery_registrations_total counter\nquorate_discovery_registrations_total ${this.registrations}\n`,
      `# TYPE quorate_discovery_events_total counter\nquorate_discovery_events_total ${this.events}\n`,
      '# TYPE quorate_discovery_refusals_total counter\n',
      ...refusals,
    ].join('');
  }
}
