/**
 * The language of the golden scenarios: one command a line, a line `----`, what is said, a blank line. `#` begins a
 * comment. For tests only.
 *
 * A scenario holds a world (core/model), a controller that knows what a controller may remember, and a planner. Its
 * commands, one file each under commands/, move the world, let the controller look and decide, and let what was decided
 * reach etcd at once, late or never. What is said holds no id that varies: members and clusters go by `<name>`.
 */
export { withAnswers, parseScenario, ScenarioError } from './parse.js';
export { type Players, type Told, playScenario, playToEnd, tellScenario } from './run-scenario.js';
export type { Check, Decision, Landing, Planner } from './scene.js';
