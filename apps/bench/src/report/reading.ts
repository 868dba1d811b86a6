/** How the report is to be read, a paragraph each. */
export const reading: readonly string[] = [
  'Every number is the median of the rounds of one run; the lowest and the highest round follow in brackets. In each round every subject ' +
    'was measured in turn on the same machine, by one client process, with the same sizes and the same durability.',
  'A ratio says how many times better kv is: above 1× kv is ahead, below 1× the peer is, and then the table says so in words. It is made of ' +
    'two samples of the same round, round by round; what is shown is the median of these ratios. Where the rounds do not agree on who is ' +
    'ahead, it says "within the noise".',
  'A target is judged by the median, unless it says "in every round". "The best" of several clients of one product is the one with the ' +
    'best median in that case. A target that was not measured is not reached.',
  'Closed loops keep a fixed number of operations in flight, so a slow store is asked less often, and latencies there flatter it. Open ' +
    'loops start operations at fixed times and count latency from then.',
]
