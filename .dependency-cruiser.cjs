/**
 * The layers, as rules. Imports go one way: domain <- ports <- engine <- api, and domain <- ports <- adapters; main.ts
 * and what it starts (serve*.ts) alone know all. test/repo/layers.test.ts plants a fault for each rule.
 */
const SERVER = '^packages/server/src';
/** Tests, and the contract suites beside the ports, may import what they test. */
const TEST = '[.](test|contract)[.]ts$|[.]test-kit[.]ts$';

/** Files of a layer import that layer and the allowed ones, nothing else of the server. */
const only = (layer, allowed) => ({
  name: `${layer}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `${SERVER}/${layer}/`, pathNot: TEST },
  to: { path: `${SERVER}/`, pathNot: [`${SERVER}/${layer}/`, ...allowed.map((name) => `${SERVER}/${name}/`)] },
});

module.exports = {
  forbidden: [
    only('domain', ['lib']),
    only('ports', ['domain', 'lib']),
    only('engine', ['domain', 'ports', 'lib']),
    only('adapters', ['domain', 'ports', 'lib']),
    only('api', ['domain', 'engine', 'lib']),
    only('config', ['domain', 'lib']),
    only('lib', []),
    {
      name: 'adapters-are-strangers',
      comment: 'parts that two adapters share lie in adapters/shared/, or in shared/ of their own kind',
      severity: 'error',
      from: { path: `${SERVER}/adapters/([^/]+)/([^/]+)/`, pathNot: `${TEST}|${SERVER}/adapters/shared/` },
      to: { path: `${SERVER}/adapters/`, pathNot: [`${SERVER}/adapters/$1/($2|shared)/`, `${SERVER}/adapters/shared/`] },
    },
    {
      name: 'shared-parts-know-no-adapter',
      severity: 'error',
      from: { path: `${SERVER}/adapters/shared/`, pathNot: TEST },
      to: { path: `${SERVER}/adapters/`, pathNot: `${SERVER}/adapters/shared/` },
    },
    {
      name: 'dialects-are-strangers',
      severity: 'error',
      from: { path: `${SERVER}/api/compat/([^/]+)/` },
      to: { path: `${SERVER}/api/(compat|v1)/`, pathNot: `${SERVER}/api/compat/$1/` },
    },
    {
      name: 'clients-know-only-contracts',
      severity: 'error',
      from: { path: '^packages/(sdk|cli|console|contract)/', pathNot: TEST },
      to: { path: '^packages/server/' },
    },
    {
      name: 'the-sdk-knows-only-the-contract',
      severity: 'error',
      from: { path: '^packages/sdk/' },
      to: { path: '^packages/(cli|console)/' },
    },
    {
      name: 'the-contract-knows-nobody',
      severity: 'error',
      from: { path: '^packages/contract/', pathNot: TEST },
      to: { path: '^packages/(sdk|cli|console|server)/' },
    },
    {
      name: 'domain-and-engine-do-no-io',
      comment: 'npm-no-pkg too: in a workspace an undeclared package still resolves from the root node_modules',
      severity: 'error',
      from: { path: `${SERVER}/(domain|ports|engine)/`, pathNot: TEST },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'wire-format-stays-in-api',
      severity: 'error',
      from: { path: `${SERVER}/(domain|ports|engine|adapters|config|lib)/`, pathNot: TEST },
      to: { path: '^packages/contract/' },
    },
    {
      name: 'nobody-imports-the-composition',
      severity: 'error',
      from: { path: `${SERVER}/`, pathNot: `${SERVER}/(main|serve|compose)[^/]*[.]ts$|${TEST}` },
      to: { path: `${SERVER}/(main|serve|compose)[^/]*[.]ts$` },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
