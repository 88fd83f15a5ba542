import type { FieldExplanation } from '../../../core/spec-text/index.js';
import { indent, table } from './table.js';
import type { View } from './view.js';

export const explanationView: View<FieldExplanation> = {
  text: (field, style) => {
    const facts = [
      ['type', field.type],
      ...(field.isRequired ? [['required', 'yes']] : []),
      ...(field.default === undefined ? [] : [['default', field.default]]),
      ...(field.allowed === undefined ? [] : [['allowed', field.allowed.join(', ')]]),
      ...(field.minors === undefined ? [] : [['etcd', field.minors.join(', ')]]),
    ];
    const inner = field.fields.map(({ name, meaning }) => [style.bold(name), meaning]);
    return (
      `${style.bold(field.path)}\n` +
      (field.meaning === '' ? '' : `  ${field.meaning}\n`) +
      `\n${indent(table(facts))}` +
      (field.example === undefined ? '' : `\nexample:\n${indent(field.example)}\n`) +
      (inner.length === 0 ? '' : `\nfields:\n${indent(table(inner))}`)
    );
  },
  data: (field) => ({
    path: field.path,
    meaning: field.meaning,
    type: field.type,
    required: field.isRequired,
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.allowed === undefined ? {} : { allowed: field.allowed }),
    ...(field.example === undefined ? {} : { example: field.example }),
    ...(field.minors === undefined ? {} : { minors: field.minors }),
    fields: field.fields.map(({ name, meaning }) => ({ name, meaning })),
  }),
};
