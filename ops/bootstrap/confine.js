import { registerHooks } from 'node:module'

/*
 * Loaded first by every process of the program (`--import`): what lies outside the folder of the program is no part of it. Node looks for a module in
 * `node_modules` of every folder above, in folders of the user's home and of NODE_PATH; some libraries take an optional package as soon as one is there (ws:
 * bufferutil, debug: supports-color). What is planted there is on no list that was approved, so it is as if it were not there. In JavaScript, since it
 * comes before types are stripped from anything.
 */
const program = new URL('../../', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    const found = nextResolve(specifier, context)
    if (found.url.startsWith(program) || found.url.startsWith('node:')) return found
    const code = context.conditions?.includes('require') ? 'MODULE_NOT_FOUND' : 'ERR_MODULE_NOT_FOUND'
    throw Object.assign(new Error(`${specifier} is not in the folder of the program: ${found.url}`), { code })
  },
})
