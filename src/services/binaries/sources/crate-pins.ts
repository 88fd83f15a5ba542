/**
 * SHA-256 of the crates of the versions that our tests run, by etcd version and platform, as the registry's index
 * stated them when they were looked up (only linux-amd64 was also run). An index that states another digest for one
 * of these is not believed; other versions are checked against the index alone.
 */
export const CRATE_PINS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '3.4.45': {
    'darwin-amd64': '6bebe64b7574b20afce317f1480b6f5e657fce811874833d553adc2ca2f0c407',
    'linux-amd64': 'f3bea6784a9b34057e42b9340da5777f3b095a9522b070b641e8db861f2c1686',
    'linux-arm64': '75090efb45955b895f8394bf248fc61652807775b11fee9102db04455b6db6f6',
    'linux-ppc64le': '735e772afd88c8f85f898a2f6d7c3caf9e83d61e1414980f2e72dd74a90c1417',
  },
  '3.5.34': {
    'darwin-amd64': 'f4146804e84a06912c3a4d40197a8f04b276b36377b96ed41d794c2401873f3a',
    'darwin-arm64': '6ac11de8d646d6319d6ad61768ae9069aebe4c2398f72b7bf6aabc53df3be42c',
    'linux-amd64': '8e95e46990dfd828adf311650553256398eeaf49731ac7133f9893daab9ed62d',
    'linux-arm64': '85a34a8101c2acd3fcf903c555cacd6d1282cf09a0525eebcc98151a7c0afd3e',
    'linux-ppc64le': '6b4a28414f4e8f0ed723f01a93413081cd73dfed204dd8a957ea0be3a3f0e1be',
    'linux-s390x': 'd679458dfed713a508aa0c8460aeb8e3c1c43e63f1604b9a6d76d1bddbcc2e0a',
  },
  '3.6.15': {
    'darwin-amd64': 'd39a7642ad1c023afa4f13e20eefd779a142ac63fd6d0da9b65984eac50dc6ae',
    'darwin-arm64': 'cd4e0addd70f141b3198a4c7e51d8bc6762fe0a8ab60191377d2993d924eb461',
    'linux-amd64': '7bb225058cf5b867a836143cb10dbd7ceedc5e459fed89979db0c10e66fe8b1f',
    'linux-arm64': 'c20812860b98e994d35ac0f86d16f2704cddb1630e02bba3556db0e16a4de858',
    'linux-ppc64le': 'f058929dd7a2d1ef4c717062758f676600eb4ad3b3aa87ac10813ad6a83b0ba5',
    'linux-s390x': 'a2b2804d375fcb3cbf31bbe67a0e0cf5ef484176b836ce209044fa9068ff02e5',
  },
  '3.7.2': {
    'darwin-amd64': '06dbde927444247234526ae0c28b89cc2159a3e6f8c700e94de3b373a377bd08',
    'darwin-arm64': 'fb7773b8770f6e7112332c9be6523154a888d200d1e08ad98281486fc9980b35',
    'linux-amd64': 'd635ad3ce93c44f484764a0009a79b1c9a8cbebb75af8cd212d9dca065417c3c',
    'linux-arm64': '04dc4c6dd883bcf7980bc0ff86d80a218b57a28aa01b22a61bf1ea73a5f9aab8',
    'linux-ppc64le': '96e274b6f93bf5a13dd6de015d9ef207912bc715b3a8d1d5edd84ecdc619c552',
    'linux-s390x': '4205e7dfefa14f399aba3004313fd623b14d12c2d21feab58b4d2002d0714738',
  },
};
