import { describeHostDriver } from '../../src/drivers/conformance/index.js';
import { DEPLOY } from '../lab/hosts/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { makeSSHRig } from './ssh-rig.js';

const lab = hostsForAll({ hosts: 2 });

describeHostDriver('the driver for hosts, by sudo', () => makeSSHRig(lab(), '3.7', DEPLOY.name));
