/* The style model that comes with the program. */
#ifndef LOAD_SHIPPED_H
#define LOAD_SHIPPED_H

/* Its path: in the build tree or the installation that the program runs from, else where
 * it was configured to be installed. malloced; NULL: it is in none of them. */
char *shipped_model(void);

#endif
