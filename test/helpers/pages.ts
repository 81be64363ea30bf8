// Owns: walking a list to its end, page by page.

type Page<Item> = { items: readonly Item[]; nextCursor: string | null }

/** The items of each page. `read` gets the cursor of the page before. */
export async function pagesOf<Item>(read: (cursor: string | undefined) => Promise<Page<Item>>): Promise<Item[][]> {
  const pages: Item[][] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await read(cursor)
    pages.push([...items])
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
  return pages
}

/** All items of all pages. */
export async function walk<Item>(read: Parameters<typeof pagesOf<Item>>[0]): Promise<Item[]> {
  return (await pagesOf(read)).flat()
}
