/** Switches of Chromium and Node that a person or a test gives to Electron itself: they are no options of the terminal. */
const ELECTRON_SWITCH =
  /^--(inspect(-brk)?|remote-debugging-(port|pipe)|no-sandbox|disable-gpu|ozone-platform(-hint)?|enable-logging|password-store|lang)(=|$)/;

/** What was said to the terminal: `electron [switches] FOLDER ...` in a checkout, `warikan ...` when packaged. */
export function ownArguments(argv: readonly string[], isPackaged: boolean): readonly string[] {
  const given = argv.slice(1).filter((argument) => !ELECTRON_SWITCH.test(argument));
  return isPackaged ? given : given.slice(1);
}
