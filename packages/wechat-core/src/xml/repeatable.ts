// Owns: which elements WeChat may repeat. They are arrays even when they come once, so that consumers see one shape.
import type { XmlTree, XmlValue } from './tree.ts'

// Element name -> where it is seen repeated. Real pushes, official pages, or the samples and models of public SDKs.
const REPEATABLE_ANYWHERE: Record<string, string> = {
  item: 'pic_* events (PicList), MASSSENDJOBFINISH (ResultList), PUBLISHJOBFINISH (article_detail): official pages',
  List: 'subscribe_msg_popup_event, subscribe_msg_change_event, subscribe_msg_sent_event: official pages',
  list: 'order_path_apply_result_notify, order_path_audit_result_notify: real push in the developer community',
  Actions: 'add_express_path: official page, SDK sample',
  DetailList: 'add_waybill (Cargo): official page, SDK sample',
  material: 'wxa_appeal_record: official page, SDK sample',
  proof_material_id: 'wxa_appeal_record (appeal_material): official page, SDK sample',
  fail_idx: 'PUBLISHJOBFINISH (PublishEventInfo): official page',
  history: 'complaint_callback (BussiCallBackInfo): official page, SDK sample',
  media_id_list: 'complaint_callback (history): official page, SDK sample',
  scene_group_ext_list: 'open_product_scene_group_audit (SceneGroupAudit): official page, SDK sample',
  update_fields: 'head_supplier_item_update (item_info): SDK model',
  AroundBeacon: 'ShakearoundUserShake (AroundBeacons, up to five): official page',
  voucher_list: 'channels_ec_voucher_send_succ: SDK model',
}

// For names too general to be forced everywhere: `parent>name`, the root being `xml`.
const REPEATABLE_BELOW: Record<string, string> = {
  'xml>detail': 'wxa_media_check: real push, SDK model',
}

const ANYWHERE: ReadonlySet<string> = new Set(Object.keys(REPEATABLE_ANYWHERE))
const BELOW: ReadonlySet<string> = new Set(Object.keys(REPEATABLE_BELOW))
/** The names alone: asked first, because joining two names costs more than the rest of reading an element. */
const BELOW_SOME: ReadonlySet<string> = new Set([...BELOW].map((path) => path.slice(path.indexOf('>') + 1)))

/** Is `name` below `parent` always an array? */
export function isRepeatable(parent: string, name: string): boolean {
  return ANYWHERE.has(name) || (BELOW_SOME.has(name) && BELOW.has(`${parent}>${name}`))
}

/**
 * `PicList` exists in two shapes: one list of several `item`, and several lists of one `item` each. Both become one list:
 * `PicList: { item: [...] }`. Anything else that is repeated is left as it is.
 */
export function joinedPicLists(values: readonly (string | XmlTree)[]): XmlValue | undefined {
  const joined: Array<string | XmlTree> = []
  for (const value of values) {
    // An empty <PicList/> is the empty string.
    if (value === '') continue
    if (typeof value === 'string' || Object.keys(value).join() !== 'item' || !Array.isArray(value['item'])) return undefined
    // One by one: a call takes only so many arguments.
    for (const item of value['item']) joined.push(item)
  }
  return joined.length === 0 ? '' : { item: joined }
}
