import type { Keeper } from './keeper.js';

const BRIDGE = 'br0';
const SEAT = '10.0.1.1';
/** Of the first host; the others follow. */
const FIRST = 10;
const SPARE = 110;

/** Where the tests themselves are in the lab's network. */
export const SEAT_ADDRESS = SEAT;
/** On the seat: what every host asks for names. Nobody answers there until a test starts a server. */
export const DNS_ADDRESS = '10.0.1.53';
export const addressOf = (index: number): string => `10.0.1.${FIRST + index}`;
/** What a host may move to. */
export const spareAddressOf = (index: number): string => `10.0.1.${SPARE + index}`;

/**
 * The lab's network: a bridge with the seat on it, and for each host a network of its own with a cable to the bridge. It
 * is there before a host boots and outlasts its reboots. Rules against packets are written from outside into a host's
 * network: the host sees nothing of them.
 */
export class Network {
  readonly #keeper: Keeper;

  private constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** Throws when there is a lab in the keeper's network already. */
  static async make(keeper: Keeper): Promise<Network> {
    await keeper.sh(`ip link add ${BRIDGE} type bridge
      ip addr add ${SEAT}/24 dev ${BRIDGE}
      ip addr add ${DNS_ADDRESS}/24 dev ${BRIDGE}
      ip link set ${BRIDGE} up`);
    return new Network(keeper);
  }

  /** A host's place in the network; its cable is out until it is powered on. */
  async plug(name: string, address: string): Promise<void> {
    await this.#keeper.sh(`ip netns add ${name}
      ip link add v-${name} type veth peer name eth0 netns ${name}
      ip link set v-${name} master ${BRIDGE}
      ip -n ${name} addr add ${address}/24 dev eth0
      ip -n ${name} link set lo up
      ip -n ${name} link set eth0 up
      ip -n ${name} route add default via ${SEAT}`);
  }

  /** The bridge's side of the cable: the host sees no carrier, and nobody hears a good-bye. */
  async setLink(name: string, state: 'up' | 'down'): Promise<void> {
    await this.#keeper.sh(`ip link set v-${name} ${state}`);
  }

  /** A host's addresses from now on; connections by another one get no answer any more. */
  async setAddresses(name: string, addresses: readonly string[]): Promise<void> {
    const added = addresses.map((each) => `ip -n ${name} addr add ${each}/24 dev eth0\n`);
    await this.#keeper.sh(`ip -n ${name} -4 addr flush dev eth0
      ${added.join('')}
      ip -n ${name} route add default via ${SEAT}`);
  }

  /** Drops what arrives at `host` from these addresses, and with `both` what it sends there, without a word. */
  async drop(
    host: string,
    table: string,
    addresses: readonly string[],
    both: boolean,
  ): Promise<void> {
    const peer = `{ ${addresses.join(', ')} }`;
    const rules = [
      `add table inet ${table}`,
      `add chain inet ${table} in { type filter hook input priority -300; }`,
      `add rule inet ${table} in ip saddr ${peer} drop`,
      `add chain inet ${table} out { type filter hook output priority -300; }`,
      ...(both ? [`add rule inet ${table} out ip daddr ${peer} drop`] : []),
    ];
    await this.#nft(host, rules);
  }

  /** Lets so many more bytes in to this port, and then nothing. */
  async quota(
    host: string,
    table: string,
    { port, bytes, how }: { port: number; bytes: number; how: 'reset' | 'silence' },
  ): Promise<void> {
    const verdict = how === 'reset' ? 'reject with tcp reset' : 'drop';
    await this.#nft(host, [
      `add table inet ${table}`,
      `add chain inet ${table} in { type filter hook input priority -300; }`,
      `add rule inet ${table} in tcp dport ${port} quota over ${bytes} bytes ${verdict}`,
    ]);
  }

  /** Counts what arrives at this port, as `quota` does, until `undrop`. */
  async count(host: string, table: string, port: number): Promise<void> {
    await this.#nft(host, [
      `add table inet ${table}`,
      `add chain inet ${table} in { type filter hook input priority -300; }`,
      `add rule inet ${table} in tcp dport ${port} counter`,
    ]);
  }

  /** Bytes since `count`. */
  async counted(host: string, table: string): Promise<number> {
    const list = `nsenter --net=/run/netns/${host} nft list table inet ${table}`;
    const bytes = /counter packets \d+ bytes (\d+)/.exec(await this.#keeper.sh(list))?.[1];
    if (bytes === undefined) throw new Error(`Nothing is counted on ${host}.`);
    return Number(bytes);
  }

  async undrop(host: string, table: string): Promise<void> {
    // Added first, so that it is no error when there is none.
    await this.#nft(host, [`add table inet ${table}`, `delete table inet ${table}`]);
  }

  async #nft(host: string, rules: readonly string[]): Promise<void> {
    const lines = rules.map((rule) => `${rule}\n`).join('');
    await this.#keeper.sh(`nsenter --net=/run/netns/${host} nft -f - <<'RULES'\n${lines}RULES`);
  }

  /** The bridge and the cables are in a network that may live on after the keeper. */
  static async remove(keeper: Keeper): Promise<void> {
    // Not from /sys, which shows the network that it was mounted in.
    await keeper.sh(`ip -brief link | while read -r link _; do
      case $link in ${BRIDGE} | v-h*) ip link del "\${link%%@*}" ;; esac
    done`);
  }
}
