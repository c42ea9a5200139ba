/**
 * Highest random weight (Thaler and Ravishankar, 1998): each key goes to the core that it weighs most with. A core that joins or leaves
 * moves only the keys that are its own.
 */
export function weigh(key: string, name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) // FNV-1a alone leaves its last letters in the low bits
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
