/**
 * disk — files of this machine that a reader, a crash and a power cut see whole or not at all.
 *
 * Contract: nothing here knows what a file is for. What is written is private to its user unless a mode is given; what
 * fails throws the platform's error, and whoever calls makes a problem of it that names the file's meaning.
 */
export * from './files.js';
