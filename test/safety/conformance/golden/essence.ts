/**
 * What a real cluster must say word for word: the step and its reason, the margins, the end. Not what is made up in a
 * scenario (ids, addresses, exact times), nor what is waited for on the way, because real members take their time.
 */
export function essenceOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line): readonly string[] => {
    const words = line.trim().replaceAll(/\s+/g, ' ');
    if (line.startsWith(' ') || line === '') return [];
    if (TOLD.test(words)) return [words.replace(NO_ANSWER, 'unknown: $1')];
    // A step of a run: what, why, and the margin.
    return STEP_OF_RUN.test(words) ? [words.replace(/ x\d+$/, '')] : [];
  });
}

/** A member that knows of no leader may say so, or nothing at all. */
const NO_ANSWER = /^(?:unknown|refused): (.*?)(?: \((?:no-leader|unreachable)\))$/;

const TOLD =
  /^(step|because|margin|wait|blocked|problem|converged|applied:|refused:|unknown:|landed:|the journal)/;
const STEP_OF_RUN =
  /^(start-member|stop-member|add-learner|promote-learner|move-leader|remove-member|update-peer-urls|set-aside-data|record-birth)( |$)/;
