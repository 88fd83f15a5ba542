import { SUPPORTED_MINORS } from '../../core/cluster/index.js';
import { describeHostDriver } from '../conformance/index.js';
import { makeLocalRig } from './local-rig.js';

for (const minor of SUPPORTED_MINORS) {
  describeHostDriver(`the local driver with etcd ${minor}`, () => makeLocalRig(minor));
}
