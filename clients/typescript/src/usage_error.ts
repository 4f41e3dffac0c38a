/**
 * The arguments cannot be right, whatever the server would say: an address that is not one, no
 * project, starts that exclude each other. Thrown before any call is made.
 */
export class UsageError extends TypeError {
  override readonly name = "UsageError";
}
