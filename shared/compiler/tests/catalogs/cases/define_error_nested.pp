define outer { inner { 'i': } }
define inner { fail('deep') }
outer { 'o': }
