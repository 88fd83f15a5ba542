import { expect, test } from 'vitest';
import { unsafeBrand } from '../../../base/index.js';
import { plainStyle } from '../io.js';
import type { MemberListReport } from '../reports/member-list.js';
import { etcdctlJson, fieldsList, memberListView, simpleList, tableList } from './member-list.js';

/** An id above 2^53, a learner, and a member that never started. */
const LIST: MemberListReport = {
  clusterID: unsafeBrand('ef37ad9dc622a7c4'),
  read: 'linearizable',
  leader: unsafeBrand('8211f1d0f64f3269'),
  raftTerm: unsafeBrand(7n),
  members: [
    {
      id: unsafeBrand('8211f1d0f64f3269'),
      name: unsafeBrand('m1'),
      peerURLs: [unsafeBrand('http://127.0.0.1:1')],
      clientURLs: [unsafeBrand('http://127.0.0.1:2')],
      isLearner: false,
      healthy: true,
    },
    {
      id: unsafeBrand('91bc3c398fb3c146'),
      name: '',
      peerURLs: [unsafeBrand('http://127.0.0.1:3'), unsafeBrand('http://127.0.0.1:4')],
      clientURLs: [],
      isLearner: true,
    },
  ],
};

test('text, for people', () => {
  expect(memberListView.text(LIST, plainStyle)).toBe(
    `ID                NAME  STATUS     ROLE     HEALTH   PEER                                   CLIENT
8211f1d0f64f3269  m1    started    leader   healthy  http://127.0.0.1:1                     http://127.0.0.1:2
91bc3c398fb3c146  -     unstarted  learner  -        http://127.0.0.1:3,http://127.0.0.1:4  -
`,
  );
});

test('a list that did not go through quorum says so', () => {
  expect(memberListView.text({ ...LIST, read: 'local' }, plainStyle)).toMatch(
    /^one member's own copy, which may be old: no answer through quorum\n/,
  );
});

test('simple, as etcdctl prints it', () => {
  expect(simpleList(LIST)).toBe(
    `8211f1d0f64f3269, started, m1, http://127.0.0.1:1, http://127.0.0.1:2, false
91bc3c398fb3c146, unstarted, , http://127.0.0.1:3,http://127.0.0.1:4, , true
`,
  );
});

test('table, as etcdctl draws it', () => {
  expect(tableList(LIST)).toBe(
    `+------------------+-----------+------+---------------------------------------+--------------------+------------+
|        ID        |  STATUS   | NAME |              PEER ADDRS               |    CLIENT ADDRS    | IS LEARNER |
+------------------+-----------+------+---------------------------------------+--------------------+------------+
| 8211f1d0f64f3269 |   started |   m1 |                    http://127.0.0.1:1 | http://127.0.0.1:2 |      false |
| 91bc3c398fb3c146 | unstarted |      | http://127.0.0.1:3,http://127.0.0.1:4 |                    |       true |
+------------------+-----------+------+---------------------------------------+--------------------+------------+
`,
  );
});

test('fields, ids in decimal without rounding', () => {
  expect(fieldsList(LIST)).toBe(
    `"ClusterID" : 17237436991929493444
"MemberID" : 9372538179322589801
"RaftTerm" : 7
"ID" : 9372538179322589801
"Name" : "m1"
"PeerURL" : "http://127.0.0.1:1"
"ClientURL" : "http://127.0.0.1:2"
"IsLearner" : false

"ID" : 10501334649042878790
"Name" : ""
"PeerURL" : "http://127.0.0.1:3"
"PeerURL" : "http://127.0.0.1:4"
"IsLearner" : true

`,
  );
});

test('etcdctl-json has bare numbers, written digit by digit', () => {
  expect(etcdctlJson(LIST)).toBe(
    '{"header":{"cluster_id":17237436991929493444,"member_id":9372538179322589801,"raft_term":7},"members":[' +
      '{"ID":9372538179322589801,"name":"m1","peerURLs":["http://127.0.0.1:1"],"clientURLs":["http://127.0.0.1:2"]},' +
      '{"ID":10501334649042878790,"peerURLs":["http://127.0.0.1:3","http://127.0.0.1:4"],"isLearner":true}]}\n',
  );
});
