/** Host and port of an endpoint; a text without a scheme is taken as both programs take it. */
export function addressOfEndpoint(
  endpoint: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:(https?):\/\/)?(\[[^\]]+\]|[^/:]+)(?::(\d+))?\/?$/i.exec(endpoint.trim());
  if (match === null) return undefined;
  const [, scheme, host = '', port] = match;
  const standard = scheme === 'https' ? 443 : 80;
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: port === undefined ? standard : Number(port),
  };
}

export const isIP = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');
