// Patterns of images as scenarios write them: `nginx`, `shop/*`, `registry.example/shop/web:2.?`.

/**
 * Whether a pattern means an image. It may begin at any slash of the reference, and leave out the
 * tag and the digest; `*` stands for any letters, slashes too, and `?` for one.
 */
export function matchesImage(pattern: string, reference: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^(?:.*/)?${source}(?::[^/]*)?(?:@.*)?$`).test(reference);
}
