/** What takes part in a turn: a connection that was given something to read, or to send. */
export interface TurnMember {
  /** Sends what was gathered, and goes on with what had to wait. */
  endTurn(): void
}

/**
 * One turn of the event loop, shared by all connections: each joins when it has something to send or has used
 * up its share, and all are called at the turn's end. So the answers of a turn leave in one write.
 */
export class Turn {
  #members: TurnMember[] = []

  /** Each at most once a turn. */
  join(member: TurnMember): void {
    if (this.#members.push(member) === 1) setImmediate(this.#end)
  }

  readonly #end = (): void => {
    const members = this.#members
    this.#members = []
    for (const member of members) member.endTurn()
  }
}
