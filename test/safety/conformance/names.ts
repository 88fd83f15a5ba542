import type { MemberID } from '../../../src/base/index.js';

/** One registration of a member: in the model it has one id, in etcd another, and people call it by its label. */
export interface Registration {
  readonly label: string;
  readonly host: string;
  readonly inModel: MemberID;
  readonly inEtcd: MemberID;
}

/** Who is who on both sides. A host that is registered again gets a new label: `m4`, `m4#2`. */
export class Names {
  readonly #all: Registration[] = [];

  add(host: string, inModel: MemberID, inEtcd: MemberID): Registration {
    const nth = this.#all.filter((registration) => registration.host === host).length + 1;
    const label = nth === 1 ? host : `${host}#${nth}`;
    const registration = { label, host, inModel, inEtcd };
    this.#all.push(registration);
    return registration;
  }

  named(label: string): Registration | undefined {
    return this.#all.find((registration) => registration.label === label);
  }

  /** The label of an id of either side; ids nobody registered keep their own name. */
  labelOf(side: 'inModel' | 'inEtcd', id: MemberID): string {
    return this.#all.find((registration) => registration[side] === id)?.label ?? `id ${id}`;
  }

  modelIDOf(inEtcd: MemberID): MemberID | undefined {
    return this.#all.find((registration) => registration.inEtcd === inEtcd)?.inModel;
  }
}
