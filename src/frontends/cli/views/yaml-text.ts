/** A file of its own, so that the library is loaded lazily and by name, bundled or not. */
export { stringify } from 'yaml';
