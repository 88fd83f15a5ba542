import { type Result, seededRandom, silentLogger } from '../../../src/base/index.js';
import type { ClusterRecord, Target } from '../../../src/core/cluster/index.js';
import {
  type ControllerEvent,
  type ControllerParts,
  createController,
} from '../../../src/engine/controller/index.js';
import type { HeldLock, Wish } from '../../../src/engine/ports/index.js';
import { type PlanInput, plan as corePlan } from '../../../src/core/planner/index.js';
import { settleVersion, targetResolver } from '../../../src/main/resolve.js';
import { adminFor } from './admin-port.js';
import { driverFor } from './driver-port.js';
import { Life } from './life.js';
import type { Site } from './site.js';
import { storeFor } from './store-port.js';

/** Makes a controller worse on purpose, to see that the simulation notices. */
export type Breaking = (parts: ControllerParts) => ControllerParts;

const LOCK_POLL_MS = 700;

/** The processes that control one site: one after the other, and now and then two at once. */
export class Controllers {
  readonly lives: Life[] = [];
  readonly #interrupts = new Map<Life, AbortController>();
  #count = 0;

  readonly site: Site;
  readonly onEvent: (life: Life, event: ControllerEvent) => void;
  readonly breaking: Breaking;

  constructor(
    site: Site,
    onEvent: (life: Life, event: ControllerEvent) => void,
    breaking: Breaking,
  ) {
    this.site = site;
    this.onEvent = onEvent;
    this.breaking = breaking;
  }

  get living(): readonly Life[] {
    return this.lives.filter(({ isAlive }) => isAlive);
  }

  /** A new process, with nothing in memory. It waits for the lock like a supervisor. */
  begin(): void {
    const { site } = this;
    const { run } = site;
    const number = ++this.#count;
    const mean = run.parameters.callsPerLife;
    const isMortal = mean !== undefined && run.phase === 'safety';
    const calls = isMortal ? 5 + run.dice.wait(mean) : Number.POSITIVE_INFINITY;
    const life = new Life(run, `${site.name}/${number}`, 1000 + number, calls);
    this.lives.push(life);
    run.count('controllers begun');
    life.onEnd(() => {
      run.count(`controllers ended: ${life.ended}`);
      this.#interrupts.delete(life);
      // Whatever ends, its guardian starts another one after a while.
      run.clock.after(run.dice.whole(50, 4000), () => {
        if (this.living.length === 0) this.begin();
      });
    });
    void this.#live(life, number).then(
      (because) => life.end(because),
      (error: unknown) => {
        run.fail(
          'no-bug',
          `${life.name} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      },
    );
  }

  /** Asks the living to end between two turns. */
  interrupt(life: Life): void {
    this.#interrupts.get(life)?.abort();
  }

  async #live(life: Life, number: number): Promise<string> {
    const { site } = this;
    const { run } = site;
    const store = storeFor(site, life);
    const lock = await waitForLock(life, () => store.lock('supervisor'));
    const interrupt = new AbortController();
    this.#interrupts.set(life, interrupt);
    await settleVersion(store, lock);
    let target: Target | undefined;
    const parts: ControllerParts = {
      driver: driverFor(site, life, () => target),
      admin: adminFor(site, site.etcd, life),
      store,
      lock,
      clock: life.clock,
      random: seededRandom(run.seed * 977 + number),
      logger: silentLogger,
      resolveTarget: remembered(targetResolver(run.parameters.firstLife), (found) => {
        target = found;
      }),
      onEvent: (event) => this.onEvent(life, event),
      who: { pid: life.pid, purpose: 'supervisor' },
      timings: run.parameters.timings,
    };
    const broken = this.breaking(parts);
    const plan = broken.plan ?? corePlan;
    const watched = {
      ...broken,
      plan: (input: PlanInput) => {
        const said = plan(input);
        if (said.kind === 'step') site.checks.planned(said, input);
        return said;
      },
    };
    const controller = createController(watched);
    const end = await controller.run({
      until: 'forever',
      signal: life.signal,
      interrupt: interrupt.signal,
    });
    await lock.release();
    return `its run ended: ${end.kind}`;
  }
}

async function waitForLock(life: Life, take: () => Promise<Result<HeldLock>>): Promise<HeldLock> {
  for (;;) {
    const lock = await take();
    if (lock.ok) return lock.value;
    await life.clock.sleep(LOCK_POLL_MS, life.signal);
  }
}

/** Resolving is pure and the same wish and record come again every turn. */
function remembered(
  resolve: ControllerParts['resolveTarget'],
  onTarget: (target: Target) => void,
): ControllerParts['resolveTarget'] {
  let last:
    | {
        readonly wish: Wish;
        readonly record: ClusterRecord;
        readonly result: ReturnType<typeof resolve>;
      }
    | undefined;
  return (wish, record) => {
    if (last?.wish !== wish || last.record !== record) {
      last = { wish, record, result: resolve(wish, record) };
    }
    if (last.result.ok) onTarget(last.result.value);
    return last.result;
  };
}
