/**
 * The house's import directions (ARCHITECTURE.md, "The rooms"). An arrow may only go down the list of wings,
 * never up, never between siblings, and into a room only by its index.
 */
const below = (name, from, to) => ({
  name,
  severity: 'error',
  comment: `${name}: see ARCHITECTURE.md, "The rooms"`,
  from: { path: from, pathNot: '\\.test\\.ts$' },
  to: { path: to },
});
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'a-room-is-entered-by-its-index',
      severity: 'error',
      from: { path: '^src/(base|disk|etcd|(?:core|engine|drivers|services|frontends)/[^/]+)/' },
      to: {
        path: '^src/(base|disk|etcd|(?:core|engine|drivers|services|frontends)/[^/]+)/(?!index\\.ts$)',
        // Virtual time, real members and a world in memory are for the tests of every room; the build leaves them out.
        pathNot: [
          '^src/$1/',
          '^src/base/testing/',
          '^src/etcd/testing/real-etcd',
          '^src/engine/controller/testing/world',
        ],
      },
    },
    {
      name: 'main-enters-rooms-by-their-index',
      severity: 'error',
      from: { path: '^src/main/' },
      to: {
        path: '^src/(base|disk|etcd|(?:core|engine|drivers|services|frontends)/[^/]+)/(?!index\\.ts$)',
      },
    },
    below('base-knows-nothing', '^src/base/', '^src/(?!base/)'),
    below('disk-knows-base', '^src/disk/', '^src/(?!base/|disk/)'),
    below('etcd-stands-alone', '^src/etcd/', '^src/(?!base/|etcd/)'),
    below('core-imports-core-and-base', '^src/core/', '^src/(?!base/|core/)'),
    below('core-cluster-is-lowest', '^src/core/cluster/', '^src/core/(?!cluster/)'),
    below('core-spec', '^src/core/spec/', '^src/core/(?!cluster/|spec/)'),
    below('core-bootstrap', '^src/core/bootstrap/', '^src/core/(?!cluster/|spec/|bootstrap/)'),
    below('core-planner', '^src/core/planner/(?!testing/)', '^src/core/model/'),
    below('engine-sees-ports', '^src/engine/', '^src/(?!base/|core/|engine/)'),
    below(
      'drivers-are-siblings',
      '^src/drivers/([^/]+)/',
      // What an etcd leaves on a disk is read alike by all; so is what we wrote; hosts are reached over one shell.
      '^src/(?!base/|disk/|core/|engine/ports/|drivers/$1/|drivers/(conformance|evidence|records|shell)/)',
    ),
    below(
      'services-are-siblings',
      '^src/services/([^/]+)/',
      '^src/(?!base/|disk/|core/|etcd/|engine/ports/|services/$1/)',
    ),
    below('frontends-decide-nothing', '^src/frontends/', '^src/(?!base/|core/|engine/|frontends/)'),
    below('nobody-imports-main', '^src/(?!main/)', '^src/main/'),
    {
      name: 'core-has-no-platform',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      conditionNames: ['import', 'node'],
      exportsFields: ['exports'],
    },
  },
};
