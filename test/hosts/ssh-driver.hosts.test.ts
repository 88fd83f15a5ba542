import { describeHostDriver } from '../../src/drivers/conformance/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { makeSSHRig } from './ssh-rig.js';

const lab = hostsForAll({ hosts: 2 });

describeHostDriver('the driver for hosts, as root', () => makeSSHRig(lab(), '3.6', 'root'));
