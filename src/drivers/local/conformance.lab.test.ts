import { LAB_VERSIONS, describeHostDriver } from '../conformance/index.js';
import { makeLocalRig } from './local-rig.js';

for (const version of LAB_VERSIONS) {
  describeHostDriver(`the local driver with etcd ${version}`, () => makeLocalRig(version));
}
