gadget { 'a/b': provider => 'x' }
