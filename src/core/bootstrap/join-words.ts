/** What a person typed so that one host finds its cluster; whoever reads it says everything that is wrong with it at once. */
export interface JoinWords {
  readonly name: string;
  readonly discovery: string | undefined;
  readonly discoveryToken: string | undefined;
  readonly discoveryEndpoints: string | undefined;
  readonly listenPeer: string | undefined;
  readonly listenClient: string | undefined;
  readonly dataDir: string | undefined;
  readonly version: string;
  readonly sizeExceeded: string;
}
