const MARK = '{{endpoints}}';

/** The whole file. */
export const renderTemplate = (
  template: string,
  endpoints: readonly string[],
  separator: string,
): string => template.replaceAll(MARK, endpoints.join(separator));

/** The endpoints that a file made of this template names; none when it is not one. */
export function readTemplate(template: string, text: string, separator: string): readonly string[] {
  const parts = template.split(MARK);
  const [before = '', after = ''] = parts;
  const start = before.length;
  // The first place says how long the value is: what follows it must follow in the text.
  for (let end = start; end <= text.length; end++) {
    if (!text.startsWith(after, end)) continue;
    const endpoints = text.slice(start, end).split(separator);
    if (renderTemplate(template, endpoints, separator) === text) {
      return endpoints.map((url) => url.trim()).filter((url) => url !== '');
    }
  }
  return [];
}
