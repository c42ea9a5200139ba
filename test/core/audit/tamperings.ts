/*
 * What somebody who is superuser of the database does to the log of `tamper.test.ts`: 697 leaves, checkpoints at 250, 256, 300, 600 and 697,
 * a witness that signed at 600 and at the end. `online` is what `verifyLog` says first. `stranger` is the first bad index that the standalone verifier
 * names from a bundle that was exported afterwards; or 'proven', where every byte that is shown is still what was signed; or that there is nothing to show.
 */
export type Tampering = {
  what: string
  change: string
  online: RegExp
  stranger: number | 'proven' | 'nothing to show'
}

const at = (index: number) => `(select ref::uuid from audit.leaves where index = ${index})`

/** Rows are changed, and nothing is made to fit. */
export const shallow: readonly Tampering[] = [
  {
    what: 'an entry edited',
    change: `update audit.events set entry = replace(entry, 'success', 'failure') where id = ${at(300)}`,
    online: /^leaf 300: its entry was changed/,
    stranger: 300,
  },
  {
    what: 'one byte of an entry',
    change: `update audit.events set entry = entry || ' ' where id = ${at(0)}`,
    online: /^leaf 0: its entry was changed/,
    stranger: 0,
  },
  {
    what: 'an event deleted',
    change: `delete from audit.events where id = ${at(255)}`,
    online: /^leaf 255: its entry is missing/,
    stranger: 255,
  },
  {
    what: 'all events deleted',
    change: 'truncate audit.events',
    online: /^leaf 0: its entry is missing/,
    stranger: 0,
  },
  {
    what: 'an event inserted',
    change:
      'insert into audit.events select gen_random_uuid(), at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed from audit.events limit 1',
    online: /^event .* is no leaf/,
    stranger: 'proven',
  },
  {
    what: 'two entries exchanged',
    change: `update audit.events e set entry = o.entry from audit.events o where e.id in (${at(10)}, ${at(11)}) and o.id in (${at(10)}, ${at(11)}) and o.id <> e.id`,
    online: /^leaf 10: its entry was changed/,
    stranger: 10,
  },
  {
    what: 'an entry and its leaf edited',
    change: `with e as (update audit.events set entry = entry || ' ' where id = ${at(301)} returning id, entry) update audit.leaves set leaf = sha256('\\x00'::bytea || convert_to(e.entry, 'UTF8')) from e where ref = e.id::text`,
    online: /^leaf 301 is not the one in the tree/,
    stranger: 300,
  },
  {
    what: 'two leaves exchanged',
    change:
      'update audit.leaves l set leaf = o.leaf, ref = o.ref || 0 from audit.leaves o where l.index in (10, 11) and o.index in (10, 11) and o.index <> l.index',
    online: /^leaf 10/,
    stranger: 10,
  },
  {
    what: 'a leaf deleted',
    change: 'delete from audit.leaves where index = 400',
    online: /^leaf 400 is missing/,
    stranger: 300,
  },
  {
    what: 'the last leaf deleted',
    change: 'delete from audit.leaves where index = 696',
    online: /^leaf 696 is not the one in the tree/,
    stranger: 600,
  },
  {
    what: 'a leaf inserted',
    change: "insert into audit.leaves values (697, 'lost', 'x', sha256('\\x0061'), now(), 'a')",
    online: /^leaf 697 is not|^leaf 697 is under no checkpoint/,
    stranger: 'proven',
  },
  {
    what: 'a tile edited',
    change:
      'update audit.tiles set hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) where level = 0 and index = 2',
    online: /^leaf 513 is not the one in the tree/,
    stranger: 'proven',
  },
  {
    what: 'an upper tile edited',
    change: 'update audit.tiles set hashes = set_byte(hashes, 0, get_byte(hashes, 0) # 1) where level = 1',
    online: /^leaf 0: the tile 1\/0/,
    stranger: 'proven',
  },
  {
    what: 'tiles truncated',
    change: 'truncate audit.tiles',
    online: /^leaf 0 is not the one in the tree/,
    stranger: 'proven',
  },
  {
    what: 'a checkpoint edited',
    change: 'update audit.checkpoints set root = sha256(root) where size = 600',
    online: /^checkpoint 600 is of another tree; the first bad leaf is one of 300 to 599/,
    stranger: 'proven',
  },
  {
    what: 'a checkpoint of another size',
    change: 'update audit.checkpoints c set note = o.note from audit.checkpoints o where c.size = 600 and o.size = 300',
    online: /^checkpoint 600 says something else/,
    stranger: 'proven',
  },
  {
    what: 'checkpoints truncated',
    change: 'truncate audit.checkpoints cascade',
    online: /^leaf 300 is under no checkpoint|^leaf 0 is under no checkpoint|^leaf 697/,
    stranger: 'nothing to show',
  },
  {
    what: 'an event called lost, its entry kept with the leaf, and deleted',
    change: `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'lost', entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref;
     delete from audit.events where id = ${at(100)}`,
    online: /^leaf 100 is not what it says it is/,
    stranger: 'proven',
  },
  {
    what: 'an event replaced, its entry kept with the leaf',
    change: `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref;
     update audit.events set entry = replace(entry, 'because', 'FORGED') where id = ${at(100)}`,
    online: /^leaf 100 is not what it says it is/,
    stranger: 'proven',
  },
  {
    what: 'an event called a batch',
    change: `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'batch', entry = e.entry from audit.events e where l.index = 100 and e.id::text = l.ref`,
    online: /^leaf 100 is not what it says it is/,
    stranger: 'proven',
  },
  {
    what: 'all events called lost and truncated',
    change: `alter table audit.leaves drop constraint leaves_entry_stands_once;
     update audit.leaves l set kind = 'lost', entry = e.entry from audit.events e where e.id::text = l.ref; truncate audit.events`,
    online: /^leaf 0 is not what it says it is/,
    stranger: 'proven',
  },
]

/** Afterwards leaves, tiles and checkpoints are made anew and even signed by the log's own key, so that nothing in the database shows it. */
export const deep: readonly Tampering[] = [
  {
    what: 'an entry edited',
    change: `update audit.events set entry = replace(entry, 'success', 'failure') where id = ${at(450)}`,
    online: /^what was seen from outside at 600 is of another tree; the first bad leaf is one of 0 to 599/,
    stranger: 0,
  },
  {
    what: 'an event deleted',
    change: `with gone as (delete from audit.events where id = ${at(450)} returning id) delete from audit.leaves where ref = (select id::text from gone)`,
    online: /^what was seen from outside at 600 is of another tree; the first bad leaf is one of 0 to 599/,
    stranger: 0,
  },
  {
    what: 'an event inserted',
    change: `with fresh as (insert into audit.events select gen_random_uuid(), at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed from audit.events limit 1 returning id) insert into audit.leaves select 50650, 'event', id::text, sha256(''), now() from fresh; update audit.leaves set index = index + 100000 where index between 651 and 1000`,
    online: /697 is of another tree; the first bad leaf is one of 600 to 696/,
    stranger: 600,
  },
  {
    what: 'two events exchanged',
    change: `update audit.leaves l set ref = o.ref from audit.leaves o where l.index in (610, 611) and o.index in (610, 611) and o.index <> l.index`,
    online: /^what was seen from outside at 697 is of another tree; the first bad leaf is one of 600 to 696/,
    stranger: 600,
  },
  {
    what: 'the end cut off',
    change:
      'delete from audit.events where id::text in (select ref from audit.leaves where index >= 650); delete from audit.leaves where index >= 650',
    online: /^leaf 650 is missing: what was seen from outside at 697/,
    stranger: 650,
  },
  {
    what: 'everything gone',
    change: 'truncate audit.events, audit.leaves',
    online: /^leaf 0 is missing: what was seen from outside at 600/,
    stranger: 'nothing to show',
  },
]
