import { config } from 'zod';

// The page's content security policy forbids eval, and zod tries it once to see. Imported before every contract module.
config({ jitless: true });
