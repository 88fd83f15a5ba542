import { describe, expect, test } from 'vitest';
import { type Result } from '../../../base/index.js';
import { spotInManifest } from './manifest.js';
import { type Spot, endpointsIn, replaceAt } from './spot.js';
import { readTemplate, renderTemplate } from './template.js';
import { type UnitText, spotInUnit } from './unit.js';

const OLD = 'http://10.0.1.10:2379,http://10.0.1.11:2379';
const NEW = 'https://10.0.1.10:2379,https://10.0.1.12:2379';

/** The text with NEW in the place that was found; the fault when there is none. */
const told = (text: string, spot: Result<Spot, string>): string =>
  spot.ok ? replaceAt(text, spot.value, NEW) : `fault: ${spot.error}`;

/** Golden pairs: what comes out is the text with nothing else changed. */
const changesOnlyTheValue = (text: string, after: string) => {
  expect(after).toBe(text.replace(OLD, NEW));
  expect(after).not.toBe(text);
};

describe('a static pod manifest', () => {
  const pod = (lines: string) => `# written by kubeadm, edited by Kim
apiVersion: v1
kind: Pod
metadata:
  annotations: {kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: "10.0.1.10:6443"}
  name:   kube-apiserver   # odd spacing stays
spec:
  containers:
${lines}
  hostNetwork: true
`;

  test.each([
    [
      'a command with one item for each flag',
      pod(`  - command:
    - kube-apiserver
    - --advertise-address=10.0.1.10
    # - --etcd-servers=http://old:2379
    - --etcd-servers=${OLD}   # the members
    - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt`),
    ],
    ['double quotes', pod(`  - command: \n    - kube-apiserver\n    - "--etcd-servers=${OLD}"`)],
    ['single quotes', pod(`  - command:\n    - kube-apiserver\n    - '--etcd-servers=${OLD}'`)],
    [
      'the value in an item of its own',
      pod(`  - command: [kube-apiserver]\n    args:\n    - --etcd-servers\n    - "${OLD}"`),
    ],
    [
      'a flow list',
      pod(`  - command: ["kube-apiserver", "--etcd-servers=${OLD}", "--secure-port=6443"]`),
    ],
    ['one dash', pod(`  - args:\n    - -etcd-servers=${OLD}`)],
    [
      'a shell command',
      pod(
        `  - command:\n    - /bin/sh\n    - -c\n    - exec kube-apiserver --etcd-servers=${OLD} --v=2 >>/var/log/api.log 2>&1`,
      ),
    ],
    [
      'a shell command over several lines',
      pod(
        `  - command:\n    - /bin/sh\n    - -c\n    - |\n      exec kube-apiserver \\\n        --etcd-servers=${OLD} \\\n        --v=2`,
      ),
    ],
    [
      'a sidecar that knows nothing of etcd',
      pod(
        `  - name: proxy\n    args: [--listen=1]\n  - command: [kube-apiserver, '--etcd-servers=${OLD}']`,
      ),
    ],
    [
      'JSON',
      `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"command":["kube-apiserver","--etcd-servers=${OLD}"]}]}}`,
    ],
    ['CRLF', pod(`  - command:\n    - --etcd-servers=${OLD}`).replaceAll('\n', '\r\n')],
  ])('%s', (_, text) => {
    const spot = spotInManifest(text, 'etcd-servers');
    expect(spot).toMatchObject({ value: { value: OLD } });
    changesOnlyTheValue(text, told(text, spot));
  });

  test.each([
    ['not there', pod('  - command: [kube-apiserver]'), 'does not stand in the containers'],
    [
      'there only in a comment',
      pod(`  - command:\n    - kube-apiserver\n    # - --etcd-servers=${OLD}`),
      'does not stand in the containers',
    ],
    [
      'twice',
      pod(`  - command: [a, "--etcd-servers=${OLD}", --etcd-servers=b]`),
      'stands more than once',
    ],
    ['a variable', pod('  - command: [a, "--etcd-servers=$(ETCD)"]'), 'names a variable'],
    ['broken YAML', pod('  - command: [a'), 'it is no YAML'],
    ['no pod', 'kind: Service\n', 'it is no pod'],
    [
      'another flag that ends alike',
      pod('  - args: [--etcd-servers-overrides=x]'),
      'does not stand',
    ],
  ])('%s is a fault', (_, text, fault) => {
    expect(told(text, spotInManifest(text, 'etcd-servers'))).toContain(fault);
  });
});

describe('a systemd unit', () => {
  const FLANNEL = '/etc/systemd/system/flanneld.service';
  const ENV = '/etc/default/flanneld';
  const unit = (text: string, path = FLANNEL): UnitText => ({ path, kind: 'unit', text });
  const env = (text: string, path = ENV): UnitText => ({ path, kind: 'environment', text });
  const find = (files: readonly UnitText[]) =>
    spotInUnit(files, 'etcd-endpoints', 'FLANNELD_ETCD_ENDPOINTS');

  const service = (lines: string) =>
    `[Unit]\nDescription=flannel --etcd-endpoints=nowhere\nAfter=network.target\n\n[Service]\nType=notify\n${lines}\nRestart=always\n\n[Install]\nWantedBy=multi-user.target\n`;

  test.each<[string, readonly UnitText[], string]>([
    [
      'on the command line',
      [unit(service(`ExecStart=/usr/bin/flanneld --etcd-endpoints=${OLD} --iface=eth0`))],
      FLANNEL,
    ],
    [
      'with one dash',
      [unit(service(`ExecStart=/usr/bin/flanneld -etcd-endpoints=${OLD}`))],
      FLANNEL,
    ],
    [
      'as a word of its own',
      [unit(service(`ExecStart=/usr/bin/flanneld --etcd-endpoints ${OLD}`))],
      FLANNEL,
    ],
    [
      'in quotes',
      [unit(service(`ExecStart=/usr/bin/flanneld "--etcd-endpoints=${OLD}"`))],
      FLANNEL,
    ],
    [
      'in quotes after the flag',
      [unit(service(`ExecStart=/usr/bin/flanneld --etcd-endpoints="${OLD}"`))],
      FLANNEL,
    ],
    [
      'on a line that goes on, with comments in between',
      [
        unit(
          service(
            `ExecStartPre=/bin/true --etcd-endpoints=x\nExecStart = /usr/bin/flanneld \\\n  --iface=eth0 \\\n# --etcd-endpoints=http://old:2379 \\\n  --etcd-endpoints=${OLD} \\\n  --v=2`,
          ),
        ),
      ],
      FLANNEL,
    ],
    [
      'in a drop-in that replaces the command',
      [
        unit(
          service('ExecStart=/usr/bin/flanneld --etcd-endpoints=http://old:2379'),
          '/lib/systemd/system/flanneld.service',
        ),
        unit(`[Service]\nExecStart=\nExecStart=/usr/bin/flanneld --etcd-endpoints=${OLD}\n`),
      ],
      FLANNEL,
    ],
    [
      'in the variable that flanneld reads',
      [
        unit(service('ExecStart=/usr/bin/flanneld --iface=eth0')),
        env(`# where\nFLANNELD_IFACE=eth0\nFLANNELD_ETCD_ENDPOINTS=${OLD}\n`),
      ],
      ENV,
    ],
    [
      'the same in quotes',
      [unit(service('ExecStart=/usr/bin/flanneld')), env(`FLANNELD_ETCD_ENDPOINTS="${OLD}"\n`)],
      ENV,
    ],
    [
      "in the unit's own environment",
      [
        unit(
          service(
            `Environment="FLANNELD_ETCD_ENDPOINTS=${OLD}" OTHER=1\nExecStart=/usr/bin/flanneld`,
          ),
        ),
      ],
      FLANNEL,
    ],
    [
      'in a variable that the command line names',
      [
        unit(
          service('ExecStart=/usr/bin/flanneld -etcd-endpoints=${FLANNEL_ETCD} $FLANNEL_OPTIONS'),
        ),
        env(`FLANNEL_ETCD="${OLD}"\nFLANNEL_OPTIONS="--iface=eth0"\n`),
      ],
      ENV,
    ],
    [
      'among the flags of a variable',
      [
        unit(service('ExecStart=/usr/bin/flanneld $FLANNEL_OPTIONS')),
        env(`FLANNEL_OPTIONS="--iface=eth0 --etcd-endpoints=${OLD} --ip-masq"\n`),
      ],
      ENV,
    ],
    [
      'the same over several lines',
      [
        unit(service('ExecStart=/usr/bin/flanneld $FLANNEL_OPTIONS')),
        env(`FLANNEL_OPTIONS="--iface=eth0 \\\n  --etcd-endpoints=${OLD} \\\n  --ip-masq"\n`),
      ],
      ENV,
    ],
    [
      'in an environment file, although the unit sets the variable too',
      [
        unit(
          service(
            'Environment=FLANNELD_ETCD_ENDPOINTS=http://old:2379\nExecStart=/usr/bin/flanneld',
          ),
        ),
        env(`FLANNELD_ETCD_ENDPOINTS=${OLD}\n`),
      ],
      ENV,
    ],
  ])('%s', (_, files, path) => {
    const found = find(files);
    if (!found.ok) throw new Error(found.error);
    expect(found.value.path).toBe(path);
    const text = files.find((file) => file.path === path)?.text ?? '';
    expect(endpointsIn(found.value.spot.value)).toEqual(OLD.split(','));
    changesOnlyTheValue(text, replaceAt(text, found.value.spot, NEW));
  });

  test.each<[string, readonly UnitText[], string]>([
    [
      'nowhere',
      [unit(service('ExecStart=/usr/local/bin/start-flannel.sh'))],
      'neither --etcd-endpoints nor FLANNELD_ETCD_ENDPOINTS stands in',
    ],
    [
      'twice',
      [unit(service('ExecStart=/usr/bin/flanneld --etcd-endpoints=a --etcd-endpoints=b'))],
      'stands more than once',
    ],
    [
      'in a variable that nobody sets',
      [unit(service('ExecStart=/usr/bin/flanneld --etcd-endpoints=${NO}'))],
      'names a variable that does not stand in',
    ],
    [
      'made of variables',
      [unit(service('ExecStart=/usr/bin/flanneld --etcd-endpoints=http://${A}:2379'))],
      'names a variable that does not stand in',
    ],
    [
      'only for another section',
      [unit(`[Unit]\nExecStart=/usr/bin/flanneld --etcd-endpoints=${OLD}\n`)],
      'neither',
    ],
  ])('%s is a fault', (_, files, fault) => {
    const found = find(files);
    expect(found.ok ? 'found' : found.error).toContain(fault);
  });

  test('the flags of a kube-apiserver in its environment file', () => {
    const files = [
      unit('[Service]\nExecStart=/usr/bin/kube-apiserver $KUBE_ETCD_SERVERS $KUBE_API_ARGS\n'),
      env(`KUBE_ETCD_SERVERS="--etcd-servers=${OLD}"\nKUBE_API_ARGS="--secure-port=7443"\n`),
    ];
    expect(spotInUnit(files, 'etcd-servers')).toMatchObject({ value: { spot: { value: OLD } } });
    expect(spotInUnit(files, 'secure-port')).toMatchObject({ value: { spot: { value: '7443' } } });
  });
});

describe('a template', () => {
  const urls = NEW.split(',');

  test.each([
    ['servers = {{endpoints}}\n', ','],
    ['# a\nfirst: {{endpoints}}\nagain: {{endpoints}}\n', ' '],
    ['{{endpoints}}', ','],
  ])('%j is read as it was written', (template, separator) => {
    const text = renderTemplate(template, urls, separator);
    expect(readTemplate(template, text, separator)).toEqual(urls);
  });

  test('a file that is not made of it names nothing', () => {
    expect(readTemplate('a={{endpoints}};', 'a=x', ',')).toEqual([]);
    expect(readTemplate('a={{endpoints}} b={{endpoints}}', 'a=x b=y', ',')).toEqual([]);
  });
});
