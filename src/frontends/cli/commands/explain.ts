import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { explanationView } from '../views/explanation.js';

export interface ExplainOptions {
  readonly version?: string;
  readonly schema?: boolean;
}

/** What a field of the spec means; `--schema` prints the JSON Schema that editors use. */
export async function explain(
  context: Context,
  field: string | undefined,
  { version, schema }: ExplainOptions,
): Promise<ExitCode> {
  const { explainField, jsonSchema } = await import('../../../core/spec-text/index.js');
  if (schema === true) {
    context.io.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
    return EXIT.done;
  }
  const minor = version?.split('.').slice(0, 2).join('.');
  const explanation = explainField(field ?? 'spec', minor);
  if (!explanation.ok) return fail(context, explanation.error, EXIT.usage);
  await show(context, explanationView, explanation.value);
  return EXIT.done;
}
