/** The part of yargs 18 that config.ts uses; the package brings no types of its own. */
declare module 'yargs' {
  interface Option {
    readonly type: 'string' | 'boolean'
    readonly requiresArg?: boolean
    readonly describe: string
  }

  interface Parser {
    scriptName(name: string): Parser
    usage(text: string): Parser
    parserConfiguration(options: Readonly<Record<string, boolean>>): Parser
    exitProcess(enabled: boolean): Parser
    help(enabled: false): Parser
    version(enabled: false): Parser
    wrap(columns: number): Parser
    option(name: string, option: Option): Parser
    epilogue(text: string): Parser
    fail(run: (message: string | null, error: Error | undefined) => never): Parser
    parse(argv: readonly string[]): Promise<{ _: (string | number)[]; [flag: string]: unknown }>
    getHelp(): Promise<string>
  }

  export default function yargs(): Parser
}
