/**
 * Who may import whom. The picture is in ARCHITECTURE.md, the reasons are in STYLE.md; test/repo/layers.test.ts plants a
 * fault for each rule here and fails for a rule without one.
 */
const SERVER = '^packages/server/src';
/** Tests and contract suites stand outside the layers: they import what they test and the real parts it runs on. */
const TESTS = '([.](test|test-kit|contract|fixture)|(-contract|/testing)/[^/]+)[.]ts$';

/** A layer of the server may import itself and `allowed`, of all that is the server's. */
const layer = (name, allowed) => ({
  name: `${name}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `${SERVER}/${name}/`, pathNot: TESTS },
  to: { path: `${SERVER}/`, pathNot: [name, ...allowed].map((other) => `${SERVER}/${other}/`) },
});

/** A package may import itself and `allowed`, of all that is in this repository. */
const client = (name, allowed) => ({
  name: `${name}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^packages/${name}/`, pathNot: TESTS },
  to: {
    path: '^(packages|guest|test|bench)/',
    pathNot: [name, ...allowed].map((other) => `^packages/${other}/`),
  },
});

// npm-no-pkg too: in a workspace an undeclared package still resolves from the root's node_modules.
const FROM_NPM = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

module.exports = {
  forbidden: [
    layer('lib', []),
    layer('domain', ['lib']),
    layer('ports', ['domain', 'lib']),
    layer('engine', ['domain', 'ports', 'lib']),
    layer('adapters', ['domain', 'ports', 'lib']),
    layer('api', ['domain', 'engine', 'lib']),
    layer('config', ['domain', 'lib']),
    client('contract', []),
    client('sdk', ['contract']),
    client('cli', ['sdk', 'contract']),
    client('server', ['contract']),
    {
      name: 'wire-format-stays-in-api',
      severity: 'error',
      from: { path: `${SERVER}/`, pathNot: [`${SERVER}/api/`, TESTS] },
      to: { path: '^packages/contract/' },
    },
    {
      // What the adapters of one kind have in common lies in a folder `shared` among them.
      name: 'adapters-are-strangers',
      severity: 'error',
      from: { path: `${SERVER}/adapters/(drivers|stores|guest-links|logs|integrations)/([^/]+)/`, pathNot: TESTS },
      to: { path: `${SERVER}/adapters/`, pathNot: `${SERVER}/adapters/($1/$2|$1/shared|shared)/` },
    },
    {
      name: 'kinds-of-adapters-are-strangers',
      severity: 'error',
      from: { path: `${SERVER}/adapters/([^/]+)/`, pathNot: TESTS },
      to: { path: `${SERVER}/adapters/`, pathNot: `${SERVER}/adapters/($1|shared)/` },
    },
    {
      name: 'dialects-are-strangers',
      severity: 'error',
      from: { path: `${SERVER}/api/(v1|compat/[^/]+)/`, pathNot: TESTS },
      to: { path: `${SERVER}/api/(v1|compat/[^/]+)/`, pathNot: `${SERVER}/api/$1/` },
    },
    {
      name: 'core-does-no-io',
      severity: 'error',
      from: { path: `${SERVER}/(domain|ports|engine)/`, pathNot: TESTS },
      to: { dependencyTypes: ['core', ...FROM_NPM] },
    },
    {
      name: 'contract-needs-only-typebox',
      severity: 'error',
      from: { path: '^packages/contract/', pathNot: TESTS },
      to: { dependencyTypes: ['core', ...FROM_NPM], pathNot: ['node_modules/typebox/', '^packages/contract/'] },
    },
    {
      name: 'dependencies-are-declared',
      severity: 'error',
      from: { path: '^packages/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '^packages/' },
    },
    {
      name: 'imports-resolve',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'nobody-imports-main',
      severity: 'error',
      from: {},
      to: { path: '^packages/[^/]+/src/main[.]ts$' },
    },
    {
      name: 'programs-import-no-tests',
      severity: 'error',
      from: { path: '^(packages|guest)/', pathNot: TESTS },
      to: { path: [TESTS, '^(test|bench)/'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [TESTS, '/(main|index)[.]ts$', '^[^/]+$', '^(test|bench)/', 'node_modules', '[.](json|cjs|d[.]ts)$'],
      },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
