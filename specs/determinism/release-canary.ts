// Loaded before anything else in a process, it makes the chance of that process its own.

import { releaseCanary } from './canary';

releaseCanary();
